package main

import (
	"fmt"
	"os"
	"time"
)

// tellEach is how often a long part says how far it is.
const tellEach = 30 * time.Second

// tell says on standard error how far a long part is, until the returned function is called.
func tell(what string, all int, done func() int) (stop func()) {
	end := make(chan struct{})
	go func() {
		ticker := time.NewTicker(tellEach)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(os.Stderr, "%s: %d of %d\n", what, done(), all)
			case <-end:
				return
			}
		}
	}()
	return func() { close(end) }
}
