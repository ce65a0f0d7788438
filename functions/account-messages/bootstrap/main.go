// Command bootstrap is the Lambda executable of the account-messages function.
package main

import (
	accountmessages "dangol/functions/account-messages"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("account-messages", accountmessages.New) }
