// Command bootstrap is the subscriptions function's executable.
package main

import (
	"dangol/functions/subscriptions"
	"dangol/shared/boot"
)

func main() { boot.Run("subscriptions", subscriptions.New) }
