// Command bootstrap is the Lambda executable of the reference function.
package main

import (
	"dangol/functions/reference"
	"dangol/shared/boot"
)

func main() { boot.Run("reference", reference.New) }
