// probe: what a pod of the lab's checks does: serve, fetch, resolve, connect, scan, write.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const limit = 5 * time.Second

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: probe serve PORT,… | scan HOST:PORT,… | fetch URL | resolve NAME | connect HOST:PORT | write FILE | read FILE"))
	}
	what := os.Args[2]
	switch os.Args[1] {
	case "serve":
		host, _ := os.Hostname()
		failed := make(chan error)
		for _, port := range strings.Split(what, ",") {
			go func() {
				failed <- http.ListenAndServe(":"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					fmt.Fprintf(w, "%s\n", host)
				}))
			}()
		}
		fail(<-failed)
	case "fetch":
		client := http.Client{Timeout: limit}
		answer, err := client.Get(what)
		fail(err)
		io.Copy(os.Stdout, io.LimitReader(answer.Body, 1<<20))
	case "resolve":
		addresses, err := net.LookupHost(what)
		fail(err)
		fmt.Println(addresses)
	case "connect":
		connection, err := net.DialTimeout("tcp", what, limit)
		fail(err)
		connection.Close()
	case "scan":
		var all sync.WaitGroup
		for _, target := range strings.Split(what, ",") {
			all.Add(1)
			go func() {
				defer all.Done()
				if connection, err := net.DialTimeout("tcp", target, 2*time.Second); err == nil {
					connection.Close()
					fmt.Println(target)
				}
			}()
		}
		all.Wait()
	case "write":
		fail(os.WriteFile(what, []byte("written\n"), 0o600))
		fmt.Println(os.Getuid())
	case "read":
		content, err := os.ReadFile(what)
		fail(err)
		os.Stdout.Write(content)
	default:
		fail(fmt.Errorf("probe does not know %q", os.Args[1]))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
