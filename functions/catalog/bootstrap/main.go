// Command bootstrap is the catalog function as Lambda runs it.
package main

import (
	"dangol/functions/catalog"
	"dangol/shared/boot"
)

func main() { boot.Run("catalog", catalog.New) }
