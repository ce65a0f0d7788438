// Command bootstrap is the customers function's executable.
package main

import (
	"dangol/functions/customers"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("customers", customers.New) }
