// Command bootstrap is the chat function's executable.
package main

import (
	"dangol/functions/chat"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("chat", chat.New) }
