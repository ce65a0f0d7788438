// Command bootstrap is the billing function's executable.
package main

import (
	"dangol/functions/billing"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("billing", billing.New) }
