// Command bootstrap is the Lambda executable of the api-docs function.
package main

import (
	"dangol/functions/api-docs"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("api-docs", apidocs.New) }
