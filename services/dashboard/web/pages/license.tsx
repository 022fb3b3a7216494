import { Failure } from '@sealift/web/parts/failure.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { ApiFailure } from '@sealift/web/request.ts'
import { api, type User } from '../api.ts'
import { may } from '../may.ts'
import { LicenseClaims } from './license-claims.tsx'
import { licenseWarnings } from './license-warnings.ts'
import { UploadLicense } from './upload-license.tsx'
import { useLoaded } from './use-loaded.ts'

/** What the license allows, what is used of it, why it is refused if it is, and a way to upload another. */
export function LicensePage({ user }: { user: User }) {
  const { value: license, error, settled, reload } = useLoaded(api.license)
  return (
    <PageBody title="License">
      <Failure error={error} />
      {license?.refusal !== undefined && <Failure error={new ApiFailure(402, license.refusal)} />}
      {license !== undefined &&
        licenseWarnings(license).map((warning) => (
          <p key={warning} className="notice" role="status">
            {warning}
          </p>
        ))}
      {license?.standing === 'missing' && (
        <div className="empty">
          <h2>No license</h2>
          <p>
            {license.mode === 'airgapped'
              ? 'This site is air-gapped, which needs a license: until one is uploaded, workspaces are not available.'
              : 'This site runs on the free tier.'}
          </p>
        </div>
      )}
      {license !== undefined && <LicenseClaims license={license} />}
      {settled && may(user, 'license:write') && <UploadLicense onUploaded={reload} />}
      {settled && !may(user, 'license:write') && <p className="hint">A site admin can upload another license.</p>}
    </PageBody>
  )
}
