// Command bootstrap is the review-auditor function's executable.
package main

import (
	"dangol/functions/review-auditor"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("review-auditor", reviewauditor.New) }
