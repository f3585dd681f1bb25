// What BuildKit itself says of a Dockerfile, without building it: its linter, and what we ask of the image of a stage.
//
//	dockerfile <Dockerfile> <stage>...
//
// One line for each finding; ends with 1 when there is one.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/opencontainers/go-digest"
)

// bases stands for the registry: it knows every image, and says nothing of it.
type bases struct{}

func (bases) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers"}}`)
	return ref, digest.FromBytes(config), config, nil
}

const lowestUser = 10_000

func find(source []byte, targets []string) ([]string, error) {
	var findings []string
	// Without a target it looks at all of them.
	results, err := dockerfile2llb.DockerfileLint(context.Background(), source, dockerfile2llb.ConvertOpt{
		SourceMap:    &llb.SourceMap{Definition: &llb.Definition{}, Filename: "Dockerfile", Data: source},
		MetaResolver: bases{},
	})
	if err != nil {
		return nil, err
	}
	for _, warning := range results.Warnings {
		findings = append(findings, fmt.Sprintf("%s: line %d: %s", warning.RuleName, warning.Location.Ranges[0].Start.Line, warning.Detail))
	}
	if results.Error != nil {
		findings = append(findings, results.Error.Message)
	}
	parsed, err := parser.Parse(bytes.NewReader(source))
	if err != nil {
		return nil, err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return nil, err
	}
	named := map[string]instructions.Stage{}
	for _, stage := range stages {
		if _, ours := named[stage.BaseName]; !ours && !strings.Contains(stage.BaseName, "@sha256:") {
			findings = append(findings, fmt.Sprintf("the base %s has no digest", stage.BaseName))
		}
		named[stage.Name] = stage
	}
	for _, target := range targets {
		findings = append(findings, promises(named, target)...)
	}
	return findings, nil
}

// promises is what of the image of a stage does not hold; what a stage does not say, the one below it does.
func promises(named map[string]instructions.Stage, target string) []string {
	var findings []string
	var user, entrypoint, health string
	for name := target; ; name = named[name].BaseName {
		stage, ours := named[name]
		if !ours {
			break
		}
		for i := len(stage.Commands) - 1; i >= 0; i-- {
			switch command := stage.Commands[i].(type) {
			case *instructions.UserCommand:
				if user == "" {
					user = command.User
				}
			case *instructions.EntrypointCommand:
				if entrypoint == "" {
					entrypoint = form(command.PrependShell)
				}
			case *instructions.HealthCheckCommand:
				if health == "" {
					health = form(command.Health.Test[0] == "CMD-SHELL")
				}
			}
		}
	}
	id, _, _ := strings.Cut(user, ":")
	if number, err := strconv.Atoi(id); err != nil || number < lowestUser {
		findings = append(findings, fmt.Sprintf("%s runs as %q instead of a number from %d on", target, user, lowestUser))
	}
	if entrypoint != "words" {
		findings = append(findings, fmt.Sprintf("%s has no entry point that works without a shell", target))
	}
	if health == "shell" {
		findings = append(findings, fmt.Sprintf("%s has a health check that needs a shell", target))
	}
	return findings
}

func form(needsShell bool) string {
	if needsShell {
		return "shell"
	}
	return "words"
}

func main() {
	source, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	findings, err := find(source, os.Args[2:])
	if err != nil {
		findings = append(findings, err.Error())
	}
	for _, finding := range findings {
		fmt.Println(finding)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}
