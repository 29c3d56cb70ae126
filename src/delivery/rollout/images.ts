import type { PodTemplate } from './types.ts';

/**
 * The template with other images in the named containers and nothing else changed.
 * The order of keys is kept, so that an unchanged template stays the same bytes.
 */
export function withImages(
  template: PodTemplate,
  images: readonly { container: string; image: string }[],
): PodTemplate {
  const byName = new Map(images.map((i) => [i.container, i.image]));
  const containers = template.spec?.containers?.map((c) => {
    const image = byName.get(c.name);
    return image === undefined ? c : { ...c, image };
  });
  return { ...template, spec: { ...template.spec, ...(containers && { containers }) } };
}
