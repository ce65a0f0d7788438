// Command bootstrap is the outreach-worker function as Lambda runs it.
package main

import (
	outreachworker "dangol/functions/outreach-worker"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("outreach-worker", outreachworker.New) }
