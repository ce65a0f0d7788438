// Command bootstrap is the Lambda executable of the function mail-receiver.
package main

import (
	mailreceiver "dangol/functions/mail-receiver"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("mail-receiver", mailreceiver.New) }
