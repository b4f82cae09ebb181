"""Text search configurations and the trigger that keeps CatalogueEntry."""

CONFIGURATIONS = """
CREATE TEXT SEARCH CONFIGURATION catalogue_fr (COPY = french);
ALTER TEXT SEARCH CONFIGURATION catalogue_fr
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, french_stem;
CREATE TEXT SEARCH CONFIGURATION catalogue_en (COPY = english);
ALTER TEXT SEARCH CONFIGURATION catalogue_en
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, english_stem;
CREATE TEXT SEARCH CONFIGURATION catalogue_plain (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION catalogue_plain
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, simple;
"""

NO_CONFIGURATIONS = """
DROP TEXT SEARCH CONFIGURATION catalogue_plain;
DROP TEXT SEARCH CONFIGURATION catalogue_en;
DROP TEXT SEARCH CONFIGURATION catalogue_fr;
"""

TRIGGER = """
CREATE FUNCTION catalogue_words(words text) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_tsvector('catalogue_fr', words) || to_tsvector('catalogue_en', words);

CREATE FUNCTION keep_catalogue_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'listed' THEN
        DELETE FROM reviewapp_catalogueentry WHERE product_id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO reviewapp_catalogueentry AS entry
        (product_id, category_id, language, has_picture, listed_at, title_words, all_words)
    VALUES (NEW.id, NEW.category_id, split_part(lower(NEW.language), '-', 1),
        NEW.image_id IS NOT NULL, NEW.listed_at, catalogue_words(NEW.designation),
        catalogue_words(NEW.designation || ' ' || NEW.description))
    ON CONFLICT (product_id) DO UPDATE SET
        category_id = excluded.category_id, language = excluded.language,
        has_picture = excluded.has_picture, listed_at = excluded.listed_at,
        title_words = excluded.title_words, all_words = excluded.all_words;
    RETURN NULL;
END $$;

CREATE TRIGGER catalogue_entry
AFTER INSERT OR UPDATE OF status, category_id, listed_at, designation, description, language, image_id
ON reviewapp_product FOR EACH ROW EXECUTE FUNCTION keep_catalogue_entry();
"""

NO_TRIGGER = """
DROP TRIGGER catalogue_entry ON reviewapp_product;
DROP FUNCTION keep_catalogue_entry();
DROP FUNCTION catalogue_words(text);
"""

FILL = """
INSERT INTO reviewapp_catalogueentry
    (product_id, category_id, language, has_picture, listed_at, title_words, all_words)
SELECT id, category_id, split_part(lower(language), '-', 1), image_id IS NOT NULL, listed_at,
    catalogue_words(designation), catalogue_words(designation || ' ' || description)
FROM reviewapp_product WHERE status = 'listed'
ON CONFLICT (product_id) DO NOTHING
"""
