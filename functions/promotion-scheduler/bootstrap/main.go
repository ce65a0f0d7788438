// Command bootstrap is the promotion-scheduler function's executable.
package main

import (
	"dangol/functions/promotion-scheduler"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("promotion-scheduler", promotionscheduler.New) }
