// Command bootstrap is the outreach function as Lambda runs it.
package main

import (
	"dangol/functions/outreach"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("outreach", outreach.New) }
