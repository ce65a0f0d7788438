// Command bootstrap is the checkout function's executable.
package main

import (
	"dangol/functions/checkout"
	"dangol/shared/boot"
)

func main() { boot.Run("checkout", checkout.New) }
