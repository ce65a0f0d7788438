// Command bootstrap is the care function's executable.
package main

import (
	"dangol/functions/care"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("care", care.New) }
