package api

import (
	"errors"
	"strings"

	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Paging is embedded in the input of every list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Entries per page."`
	Cursor string `query:"cursor" maxLength:"2000" doc:"Where to go on: nextCursor of the page before."`
}

// CursorProblem turns table.ErrCursor into the answer that names the parameter; other errors pass through.
func CursorProblem(err error) error {
	if errors.Is(err, table.ErrCursor) {
		return problem.InvalidField("query/cursor", "wrong_format", "a nextCursor from this list")
	}
	return err
}

// ETag writes a version as an entity tag.
func ETag(version string) string { return `"` + version + `"` }

// Matches reports whether an If-Match header allows the version. An absent header allows all (RFC 9110, 13.1.1).
func Matches(ifMatch, version string) bool {
	if ifMatch == "" || ifMatch == "*" {
		return true
	}
	// A list of tags is allowed; weak tags never match here (RFC 9110, 13.1.1).
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if strings.TrimSpace(tag) == ETag(version) {
			return true
		}
	}
	return false
}
