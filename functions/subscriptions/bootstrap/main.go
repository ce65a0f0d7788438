// Command bootstrap is the subscriptions function's executable.
package main

import (
	"dangol/functions/subscriptions"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("subscriptions", subscriptions.New) }
