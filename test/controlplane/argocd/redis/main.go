// Command redis is the Redis that Argo CD keeps its cache in: miniredis, which Argo CD's own tests use, so that nothing
// has to be installed for it.
package main

import (
	"log"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: redis <host:port>")
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	// Its clock stands still until it is told. Without this no key would ever expire, and a repository whose references
	// are known would never be asked again.
	for range time.Tick(time.Second) {
		server.FastForward(time.Second)
	}
}
