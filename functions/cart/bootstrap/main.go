// Command bootstrap is the cart function's executable.
package main

import (
	"dangol/functions/cart"
	"dangol/shared/boot"
)

func main() { boot.Run("cart", cart.New) }
