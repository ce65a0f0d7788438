// Command bootstrap is the notify function as Lambda runs it.
package main

import (
	"dangol/functions/notify"
	"dangol/shared/boot"
)

func main() { boot.Run("notify", notify.New) }
