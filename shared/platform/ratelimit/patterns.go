package ratelimit

import "dangol/shared/platform/table"

// AccessPatterns lists how the counters are written, and for how much.
var AccessPatterns = []table.Pattern{
	{Name: "count an attempt", Key: "RATE#<purpose>#<hash>#<window> / RATE", Trips: 1, Write: 4,
		Note: "two limits in one transaction"},
}
