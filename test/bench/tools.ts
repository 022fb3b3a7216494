import { type Contestant, eachImage, words } from './contestant.ts'
import type { Corpus } from './corpus.ts'

type Tool = (program: string, version: string, corpus: Corpus) => Contestant

/** One docker-style tarball; to push, a layout for each image: it can't push a tarball of several, and that has other digests. */
export const craneContestant: Tool = (program, version, corpus) => {
  const crane = words(program)
  const at = (host: string) => eachImage(corpus, ({ repository, tag }) => `${host}/${repository}:${tag}`).split('\n')
  return {
    name: 'crane',
    version,
    build: (host) => `${crane} pull ${words(...at(host))} "$OUT/images.tar"`,
    carry: (host) =>
      eachImage(corpus, (i) => `${crane} pull --format=oci ${host}/${i.repository}:${i.tag} "$OUT/${i.name}"`),
    seed: (host) => eachImage(corpus, (i) => `${crane} push "$IN/${i.name}" ${host}/${i.repository}:${i.tag}`),
    help: `${crane} version`,
    note: 'build makes one docker-style tarball in which the digests are lost; so it seeds from a layout for each image',
  }
}

/** One layout for all images, then tar; it pushes from the tar. */
export const orasContestant: Tool = (program, version, corpus) => {
  const oras = words(program)
  return {
    name: 'oras',
    version,
    build: (host) =>
      `${eachImage(corpus, (i) => `${oras} cp --no-tty --to-oci-layout ${host}/${i.repository}:${i.tag} "$OUT/layout:${i.name}"`)}
tar -cf "$OUT/images.tar" -C "$OUT/layout" .
rm -rf "$OUT/layout"`,
    seed: (host) =>
      eachImage(
        corpus,
        (i) => `${oras} cp --no-tty --from-oci-layout "$IN/images.tar:${i.name}" ${host}/${i.repository}:${i.tag}`,
      ),
    help: `${oras} version`,
    note: 'one layout, then tar',
  }
}

/** A tar for each image. */
export const regctlContestant: Tool = (program, version, corpus) => {
  const regctl = words(program)
  return {
    name: 'regctl',
    version,
    build: (host) =>
      eachImage(corpus, (i) => `${regctl} image export ${host}/${i.repository}:${i.tag} "$OUT/${i.name}.tar"`),
    seed: (host) =>
      eachImage(corpus, (i) => `${regctl} image import ${host}/${i.repository}:${i.tag} "$IN/${i.name}.tar"`),
    help: `${regctl} version`,
    note: 'a file for each image, nothing shared between them',
  }
}

/** An OCI archive for each image. */
export const skopeoContestant: Tool = (program, version, corpus) => {
  const skopeo = `${words(program)} --insecure-policy --tmpdir "$TMPDIR"`
  return {
    name: 'skopeo',
    version,
    build: (host) =>
      eachImage(
        corpus,
        (i) => `${skopeo} copy -q docker://${host}/${i.repository}:${i.tag} "oci-archive:$OUT/${i.name}.tar:${i.tag}"`,
      ),
    seed: (host) =>
      eachImage(
        corpus,
        (i) => `${skopeo} copy -q "oci-archive:$IN/${i.name}.tar:${i.tag}" docker://${host}/${i.repository}:${i.tag}`,
      ),
    help: `${words(program)} --version`,
    note: 'a file for each image, nothing shared between them',
  }
}

/** One tar of a lock file's images, pushed into one repository. */
export const imgpkgContestant: Tool = (program, version, corpus) => {
  const imgpkg = words(program)
  return {
    name: 'imgpkg',
    version,
    build: (host) => `cat >"$TMPDIR/lock.yml" <<END
apiVersion: imgpkg.carvel.dev/v1alpha1
kind: ImagesLock
images:
${eachImage(corpus, (i) => `- image: ${host}/${i.repository}@${i.digest}`)}
END
${imgpkg} copy --lock "$TMPDIR/lock.yml" --to-tar "$OUT/images.tar"`,
    seed: (host) => `${imgpkg} copy --tar "$IN/images.tar" --to-repo ${host}/bench/all`,
    help: `${imgpkg} version`,
    note: 'all images go into one repository under other names',
  }
}
