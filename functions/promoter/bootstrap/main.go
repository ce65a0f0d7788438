// Command bootstrap is the promoter function's executable.
package main

import (
	"dangol/functions/promoter"
	"dangol/shared/boot"
)

func main() { boot.Run("promoter", promoter.New) }
