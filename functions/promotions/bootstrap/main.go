// Command bootstrap is the promotions function's executable.
package main

import (
	"dangol/functions/promotions"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("promotions", promotions.New) }
