// Command bootstrap is the relay function as Lambda runs it.
package main

import (
	"dangol/functions/relay"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("relay", relay.New) }
