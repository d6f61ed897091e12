package main

import (
	"fmt"

	"junban/cmd/internal/config"
)

type schemaCmd struct{}

func (s *schemaCmd) Run(o output) error {
	schema, err := config.Schema()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(o.stdout, string(schema))
	return err
}
