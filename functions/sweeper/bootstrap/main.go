// Command bootstrap is the sweeper function as Lambda runs it.
package main

import (
	"dangol/functions/sweeper"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("sweeper", sweeper.New) }
