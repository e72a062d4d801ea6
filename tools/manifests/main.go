// Command manifests reads Kubernetes manifests as strictly as an API server: what
// no field is for is an error. It prints each object's kind and name.
package main

import (
	"bytes"
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"apps/v1 Deployment":  func() any { return &appsv1.Deployment{} },
	"apps/v1 StatefulSet": func() any { return &appsv1.StatefulSet{} },
	"batch/v1 Job":        func() any { return &batchv1.Job{} },
	"v1 ConfigMap":        func() any { return &corev1.ConfigMap{} },
	"v1 Service":          func() any { return &corev1.Service{} },
	"v1 ServiceAccount":   func() any { return &corev1.ServiceAccount{} },
}

func main() {
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var head struct {
			metav1.TypeMeta `json:",inline"`
			Metadata        metav1.ObjectMeta `json:"metadata"`
		}
		if err := yaml.Unmarshal(doc, &head); err != nil {
			return err
		}
		name := head.APIVersion + " " + head.Kind
		object, ok := kinds[name]
		if !ok {
			return fmt.Errorf("%q is none of the kinds that are known here", name)
		}
		if err := yaml.UnmarshalStrict(doc, object()); err != nil {
			return fmt.Errorf("%s %s: %w", name, head.Metadata.Name, err)
		}
		fmt.Println(name, head.Metadata.Name)
	}
	return nil
}
