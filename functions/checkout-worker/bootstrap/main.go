// Command bootstrap is the checkout-worker function's executable.
package main

import (
	"dangol/functions/checkout-worker"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("checkout-worker", checkoutworker.New) }
