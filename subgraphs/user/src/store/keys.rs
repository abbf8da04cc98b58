//! Signing keys.

use entities::ids::SigningKeyId;
use entities::user::signing_key::{ActiveModel, Column, Entity, Model};
use sea_orm::{EntityTrait, QueryOrder};
use subgraph::database::inserted;

use super::Store;
use crate::error::Error;

impl Store {
    /// All signing keys, oldest generation first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn signing_keys(&self) -> Result<Vec<Model>, Error> {
        Ok(Entity::find().order_by_asc(Column::Generation).all(self.read()).await?)
    }

    /// Inserts a key; `false` when another replica has made this generation already.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn insert_signing_key(&self, key: Model) -> Result<bool, Error> {
        Ok(inserted(Entity::insert(ActiveModel::from(key)).exec_without_returning(self.write()).await)?)
    }

    /// Forgets a key; every token it signed stops working.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn delete_signing_key(&self, id: SigningKeyId) -> Result<(), Error> {
        Entity::delete_by_id(id).exec(self.write()).await?;
        Ok(())
    }
}
