// Command bootstrap is the returns function's executable.
package main

import (
	"dangol/functions/returns"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("returns", returns.New) }
