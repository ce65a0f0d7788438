// Command bootstrap is the settle function's executable.
package main

import (
	"dangol/functions/settle"
	"dangol/shared/boot"
)

func main() { boot.Run("settle", settle.New) }
