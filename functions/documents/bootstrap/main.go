// Command bootstrap is the documents function's executable.
package main

import (
	"dangol/functions/documents"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("documents", documents.New) }
