// Command bootstrap is the reviews function's executable.
package main

import (
	"dangol/functions/reviews"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("reviews", reviews.New) }
