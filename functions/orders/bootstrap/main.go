// Command bootstrap is the orders function's executable.
package main

import (
	"dangol/functions/orders"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("orders", orders.New) }
