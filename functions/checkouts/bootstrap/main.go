// Command bootstrap is the checkouts function's executable.
package main

import (
	"dangol/functions/checkouts"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("checkouts", checkouts.New) }
