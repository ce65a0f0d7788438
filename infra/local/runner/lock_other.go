//go:build !unix

package runner

import "os"

// lock does nothing: the system has no lock that ends with the process.
func lock(*os.File) (free bool, err error) { return true, nil }
