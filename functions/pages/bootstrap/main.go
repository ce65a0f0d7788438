// Command bootstrap is the pages function's executable.
package main

import (
	"dangol/functions/pages"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("pages", pages.New) }
