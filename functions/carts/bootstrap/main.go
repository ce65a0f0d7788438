// Command bootstrap is the carts function's executable.
package main

import (
	"dangol/functions/carts"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("carts", carts.New) }
