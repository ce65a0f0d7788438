// Command bootstrap is the console function's executable.
package main

import (
	"dangol/functions/console"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("console", console.New) }
