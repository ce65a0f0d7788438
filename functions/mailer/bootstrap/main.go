// Command bootstrap is the mailer function as Lambda runs it.
package main

import (
	"dangol/functions/mailer"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("mailer", mailer.New) }
