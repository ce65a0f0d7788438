package civil

import (
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // the Lambda image has no time zones of its own
)

var zones sync.Map // name -> *time.Location; loading one parses a file

// Zone returns the time zone with an IANA name such as "Asia/Seoul". "" and "Local" are refused: they mean the
// machine's.
func Zone(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q: want an IANA name such as Asia/Seoul", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: want an IANA name such as Asia/Seoul", name)
	}
	zones.Store(name, z)
	return z, nil
}

// ZoneOrUTC is Zone for names that were checked when they came in; a name that has left the database since counts as
// UTC.
func ZoneOrUTC(name string) *time.Location {
	z, err := Zone(name)
	if err != nil {
		return time.UTC
	}
	return z
}
