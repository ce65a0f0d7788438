// Command bootstrap is the notify function as Lambda runs it.
package main

import (
	"dangol/functions/notify"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("notify", notify.New) }
