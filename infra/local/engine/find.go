package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// binary is where npm puts the engine, below the repository.
const binary = "node_modules/@dynoxide/linux-x64/dynoxide"

// Find returns the engine binary that `npm ci` put below the repository, looking upwards from the working directory.
// Its error says what to do: install, or point DYNAMODB_ENDPOINT at another engine.
func Find() (string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("engine: no DynamoDB engine is pinned for %s/%s: set DYNAMODB_ENDPOINT to one that runs here, "+
			"for example DynamoDB Local", runtime.GOOS, runtime.GOARCH)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	// Upwards, because tests run in the folder of their package.
	for ; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, filepath.FromSlash(binary))
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("engine: %s not found here or above: run `npm ci`, or set DYNAMODB_ENDPOINT", binary)
		}
	}
}
