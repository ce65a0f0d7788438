// Command bootstrap is the products function as Lambda runs it.
package main

import (
	"dangol/functions/products"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("products", products.New) }
