// Command bootstrap is the review-media function's executable.
package main

import (
	"dangol/functions/review-media"
	"dangol/shared/platform/boot"
)

func main() { boot.Run("review-media", reviewmedia.New) }
